#!/usr/bin/env node
import { main } from "../dist/flatzinc/command.js";

main(process.argv.slice(2));
