#!/usr/bin/env node
// The command `advnmf`.

import process from "node:process";
import { ignoreClosedPipes } from "./print.js";
import { runCommandLine } from "./program.js";

ignoreClosedPipes();
// Only the code is set: the process ends by itself once everything that was printed is through.
process.exitCode = await runCommandLine(process.argv.slice(2));
