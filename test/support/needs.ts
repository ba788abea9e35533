import { test } from 'bun:test'

/**
 * `test` when all these programs are installed, else `test.skip`; with SLUICE_REQUIRE_ALL=1 a missing one is
 * a failure.
 */
export function needs(...programs: readonly string[]): typeof test | typeof test.skip {
  const missing = programs.filter((program) => programPath(program) === null)
  if (missing.length === 0) return test
  if (process.env['SLUICE_REQUIRE_ALL'] === '1') {
    throw new Error(`Not installed: ${missing.join(', ')}. (SLUICE_REQUIRE_ALL=1 asks for all.)`)
  }
  tell(`skipped: needs ${missing.join(', ')}`)
  return test.skip
}

/**
 * The first of docker and podman whose engine answers; null, which is told, where there is none. Optional
 * also with SLUICE_REQUIRE_ALL=1: an engine is a service with rights of its own, which many machines that run
 * tests cannot have.
 */
export function containerEngine(): string | null {
  const found = ['docker', 'podman'].find((program) => {
    const path = programPath(program)
    return (
      path !== null &&
      Bun.spawnSync([path, 'info'], { timeout: 10_000, stdout: 'ignore', stderr: 'ignore' }).success
    )
  })
  if (found === undefined) tell('skipped: needs docker or podman, with an engine that runs')
  return found ?? null
}

const told = new Set<string>()

function tell(skipped: string): void {
  if (!told.has(skipped)) process.stderr.write(`${skipped}\n`)
  told.add(skipped)
}

/** Debian keeps servers in sbin, which is not on everyone's PATH, and PostgreSQL's by its version. */
const PLACES = [
  process.env['PATH'] ?? '',
  '/usr/local/sbin:/usr/sbin:/sbin',
  ...new Bun.Glob('/usr/lib/postgresql/*/bin').scanSync({ onlyFiles: false }),
]

/**
 * Programs that are taken for another where they are there. Chromium that can only be headless is the same
 * engine without what draws windows: a context with its first page takes 0.4 s of CPU time rather than 1.2 s.
 */
const RATHER: Readonly<Record<string, string>> = { chromium: 'chromium-headless-shell' }

/** Where a program is. */
export function programPath(program: string): string | null {
  const [PATH, rather] = [PLACES.join(':'), RATHER[program]]
  return (rather === undefined ? null : Bun.which(rather, { PATH })) ?? Bun.which(program, { PATH })
}
