#!/usr/bin/env node
// Plain JavaScript that any Node understands, so that an old one can say what is missing.
var floor = 24;

if (Number(process.versions.node.split(".")[0]) < floor) {
  process.stderr.write("Saywhen needs Node " + floor + " or newer; this is " + process.version + ".\n");
  process.exit(1);
}

import("../dist/main.js").catch(function (error) {
  process.stderr.write("Saywhen cannot start: " + error.message + "\n");
  process.exit(1);
});
