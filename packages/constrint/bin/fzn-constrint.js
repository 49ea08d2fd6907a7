#!/usr/bin/env node
import { main } from "../dist/flatzinc/command.js";

await main(process.argv.slice(2));
