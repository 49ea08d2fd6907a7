import { linearCell } from "./linear.js";

/** The bare recurrence h' = a·h + b of two given sequences: the gates are the coefficients. */
export const linearRecurrence = linearCell({
  name: "linear",
  description: "the linear recurrence h' = a·h + b of given a and b",
  gates: [
    { name: "a", bias: false },
    { name: "b", bias: false },
  ],
  state: "h",
  coefficients: (u) => ({ decay: u.a!, update: u.b! }),
});
