/**
 * Bounds for linear objectives from linear programming, a part of its own (`constrint/relaxation`) because it carries
 * javascript-lp-solver.
 *
 * @module
 */
export { linearRelaxation } from "./linear-relaxation.js";
export type { Relaxation, Relaxed } from "./relaxation.js";
