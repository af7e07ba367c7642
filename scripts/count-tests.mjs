#!/usr/bin/env node
// Prints "N passed, N failed, N skipped" from Vitest's JSON report. Exits 1 when the report is missing or empty or a
// test failed.
import { readFileSync } from 'node:fs';

let report;
try {
  report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
} catch (error) {
  console.log(`no test report: ${error.message}`);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(1);
}
const results = report.testResults.flatMap((file) => file.assertionResults);
const count = (...states) => results.filter((test) => states.includes(test.status)).length;
const passed = count('passed');
// A file that broke before its tests ran counts as one failure.
const broken = report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.length).length;
const failed = count('failed') + broken;
console.log(`${passed} passed, ${failed} failed, ${count('pending', 'skipped', 'todo', 'disabled')} skipped`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
