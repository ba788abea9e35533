import { test } from 'bun:test'

/** `test` when all these programs are installed, else `test.skip`; with SLUICE_REQUIRE_ALL=1 a missing one is a failure. */
export function needs(...programs: readonly string[]): typeof test | typeof test.skip {
  const missing = programs.filter((program) => programPath(program) === null)
  if (missing.length === 0) return test
  if (process.env['SLUICE_REQUIRE_ALL'] === '1') {
    throw new Error(`Not installed: ${missing.join(', ')}. (SLUICE_REQUIRE_ALL=1 asks for all.)`)
  }
  const skipped = `skipped: needs ${missing.join(', ')}`
  if (!told.has(skipped)) process.stderr.write(`${skipped}\n`)
  told.add(skipped)
  return test.skip
}

const told = new Set<string>()

/** Where a program is. Debian keeps servers in sbin, which is not on everyone's PATH. */
export const programPath = (program: string): string | null =>
  Bun.which(program, { PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` })
