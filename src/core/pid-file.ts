/** Pid files: written with the process's number and a line feed; removed by those whose original removes them. */
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Null when it was written, else why not. */
export function writePidFile(path: string, pid: number): string | null {
  try {
    writeFileSync(path, `${pid}\n`, { mode: 0o644 });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Can it be written? Asked before anything serves; nothing is left behind, and an old file keeps its number. */
export function canWritePidFile(path: string): boolean {
  const existed = existsSync(path);
  try {
    closeSync(openSync(path, 'a', 0o644));
    if (!existed) rmSync(path, { force: true });
    return true;
  } catch {
    return false;
  }
}

/** Removes the file if it is still ours. */
export function removePidFile(path: string, pid: number): void {
  try {
    if (readFileSync(path, 'latin1').trim() === String(pid)) rmSync(path, { force: true });
  } catch {}
}

/** The live process that a pid file names, or null. */
export function runningPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'latin1').trim());
    if (!Number.isInteger(pid) || pid <= 1 || pid === process.pid) return null;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    const isOthers = error instanceof Error && 'code' in error && error.code === 'EPERM';
    return isOthers ? Number(readFileSync(path, 'latin1').trim()) : null;
  }
}
