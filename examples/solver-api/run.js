// Four prices whose sum and whose product are both $7.11, in whole cents: x1 + x2 + x3 + x4 = 711, x1·x2·x3·x4 = 711·100³.
//
//   node examples/solver-api/run.js
import { Model, product, sum } from "constrint";

const model = new Model();
const prices = [1, 2, 3, 4].map((i) => model.int(`x${i}`, 1, 711));
model.add(sum(prices).eq(711), "the sum");
model.add(product(prices).eq(711 * 100 ** 3), "the product");
for (const [i, price] of prices.slice(1).entries()) model.add(prices[i].le(price), "in order");

const { status, solution, statistics } = model.solve();
console.log(status, solution);
console.log(`${statistics.nodes} nodes`);
