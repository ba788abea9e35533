// npm run check: types, lint, format, unused code, and the rules of the house. All gates run; all that they
// find is shown.
import { checkApiTypes } from './api-types.ts'
import { checkBans } from './bans.ts'
import { checkCircles } from './circles.ts'
import { checkColumns } from './columns.ts'
import { checkImports } from './imports.ts'
import { checkLinks } from './links.ts'
import { checkLocks } from './locks.ts'
import { checkMadeFiles } from './made-files.ts'
import { type Breach, ROOT } from './sources.ts'
import { checkWebImports } from './web-imports.ts'

interface Gate {
  readonly name: string
  readonly run: () => Promise<readonly Breach[]>
}

const GATES: readonly Gate[] = [
  { name: 'types', run: () => command('tsc', '--noEmit') },
  { name: 'types of the dashboard', run: () => command('tsc', '--noEmit', '-p', 'web') },
  { name: 'lint', run: () => command('oxlint', '--deny-warnings') },
  { name: 'format', run: () => command('oxfmt', '--check') },
  { name: 'unused', run: () => command('knip') },
  { name: 'imports', run: async () => checkImports() },
  { name: 'imports of the dashboard', run: async () => checkWebImports() },
  { name: 'circles', run: async () => checkCircles() },
  { name: 'bans', run: checkBans },
  { name: 'columns', run: async () => checkColumns() },
  { name: 'links', run: async () => checkLinks() },
  { name: 'types of the API', run: async () => checkApiTypes() },
  { name: 'made files', run: async () => checkMadeFiles() },
  { name: 'locks', run: async () => checkLocks() },
]

/** Runs a tool of node_modules under Bun, so that no other runtime need be installed. */
async function command(...words: readonly string[]): Promise<readonly Breach[]> {
  const child = Bun.spawn([process.execPath, 'run', '--bun', ...words], {
    cwd: ROOT,
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, NO_COLOR: '1' },
  })
  const [out, problems, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return code === 0 ? [] : [`${out}${problems}`.trim()]
}

const asked = process.argv.slice(2)
const gates = GATES.filter(({ name }) => asked.length === 0 || asked.includes(name))
const results = await Promise.all(gates.map(async ({ name, run }) => ({ name, breaches: await run() })))
for (const { name, breaches } of results) {
  console.log(breaches.length === 0 ? `${name}: ok` : `${name}:\n${breaches.join('\n')}\n`)
}
process.exitCode = results.some(({ breaches }) => breaches.length > 0) ? 1 : 0
