import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A fresh directory with the ways in which tools replace a file; removed on dispose. */
export class EnvDir implements Disposable {
  readonly path = mkdtempSync(path.join(tmpdir(), 'env-watch-test-'));
  readonly file = this.at('.env');

  at(...names: string[]): string {
    return path.join(this.path, ...names);
  }

  write(content: string | Uint8Array, file = this.file): void {
    writeFileSync(file, content);
  }

  /** Writes a neighbour file and renames it over `file`. */
  rename(content: string, file = this.file): void {
    writeFileSync(`${file}.tmp`, content);
    renameSync(`${file}.tmp`, file);
  }

  /** Points a symbolic link elsewhere in one step, as the kubelet does. */
  swapLink(link: string, target: string): void {
    symlinkSync(target, `${link}.tmp`);
    renameSync(`${link}.tmp`, link);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
