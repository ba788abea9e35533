// Builds dist/sluice, the one executable. Nothing is done when the same inputs were built before.
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PACK } from './server/admin/dashboard/packed.ts'
import { type Held, takeLock } from './server/lib/file-lock.ts'
import { pack } from './web/pack.ts'

const ROOT = import.meta.dir
const OUT = join(ROOT, 'dist')
const BINARY = join(OUT, 'sluice')
const STAMP = join(OUT, 'sluice.inputs')
const LOCK = join(OUT, '.sluice.lock')
const DASHBOARD = join(OUT, 'dashboard')
const DASHBOARD_PACK = join(OUT, PACK)

/**
 * Builds the executable unless its inputs are unchanged, and says where it is. Safe to call from several
 * processes at once.
 */
export async function build(): Promise<{ binary: string; built: boolean }> {
  const identity = { version: packageVersion(), commit: commitOf(ROOT) }
  const inputs = hashOfInputs(identity)
  // The stamp names the very file that was built: it vouches for no other.
  const isBuilt = async (): Promise<boolean> => (await textOf(STAMP)) === `${inputs} ${inodeOf(BINARY)}`
  if (await isBuilt()) return { binary: BINARY, built: false }
  await mkdir(OUT, { recursive: true })
  // One after the other: who was started from the first one's file would lose it to the second one's.
  const lock = await untilLocked()
  try {
    if (await isBuilt()) return { binary: BINARY, built: false }
    await bundleDashboard()
    await compile(identity)
    await writeFile(STAMP, `${inputs} ${inodeOf(BINARY)}`)
    return { binary: BINARY, built: true }
  } finally {
    lock?.release()
  }
}

/** Null: this system has no such locks. */
async function untilLocked(): Promise<Held | null> {
  if (process.platform !== 'linux') return null
  for (;;) {
    const lock = takeLock(LOCK)
    if (lock !== null) return lock
    await Bun.sleep(50)
  }
}

/** In a process of its own: Vite is loaded, and sets up its environment, for this alone. */
async function bundleDashboard(): Promise<void> {
  const child = Bun.spawn([process.execPath, '--no-env-file', join(ROOT, 'web/bundle.ts'), DASHBOARD], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said = await Promise.all([child.stdout.text(), child.stderr.text()])
  if ((await child.exited) !== 0) throw new Error(`The dashboard could not be built.\n${said.join('')}`)
  if (said.join('') !== '') process.stderr.write(said.join(''))
  await pack(DASHBOARD, DASHBOARD_PACK)
}

async function compile(identity: { version: string; commit: string }): Promise<void> {
  const unfinished = join(OUT, `.sluice.${process.pid}`)
  try {
    const result = await Bun.build({
      entrypoints: [join(ROOT, 'server/main.ts')],
      // Bytecode without ESM would freeze the paths of this machine into the executable.
      format: 'esm',
      bytecode: true,
      // Each process loads only the parts that its command imports: in one piece, the whole program is read
      // at every start.
      splitting: true,
      // Identifiers stay: functions written by libraries at run time refer to them, and stack traces are
      // readable.
      minify: { whitespace: true, syntax: true, identifiers: false },
      define: {
        SLUICE_VERSION: JSON.stringify(identity.version),
        SLUICE_COMMIT: JSON.stringify(identity.commit),
      },
      // A .env or bunfig.toml in the folder where the gateway is started must not change what it does.
      compile: {
        outfile: unfinished,
        autoloadDotenv: false,
        autoloadBunfig: false,
        // Beside the program, where it looks for it; nothing of it is read at a start.
        assets: [DASHBOARD_PACK],
      },
    })
    if (!result.success) throw new AggregateError(result.logs, 'The build failed.')
    keepThroughStrip(unfinished)
    await rename(unfinished, BINARY)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/**
 * Where the program lies in the executable Bun notes in eight bytes behind the data of a section. They belong
 * to no section, so that `strip`, which packagers run, clears them, and what is left is a bare Bun. The
 * section before them takes them in. Only ELF (Linux) has that.
 */
function keepThroughStrip(file: string): void {
  const bytes = readFileSync(file)
  const isElf = bytes.readUInt32BE(0) === 0x7f454c46
  const [is64Bit, isLittleEndian] = [bytes[4] === 2, bytes[5] === 1]
  if (!isElf || !is64Bit || !isLittleEndian) return
  const number = (at: number): number => Number(bytes.readBigUInt64LE(at))
  // The table of sections: where it is, how long its entries are, how many, and which of them has the names.
  const [size, count, names] = [58, 60, 62].map((at) => bytes.readUInt16LE(at))
  const entries = Array.from({ length: count ?? 0 }, (_, index) => number(40) + index * (size ?? 0))
  const nameOf = (entry: number): string => {
    const from = number((entries[names ?? 0] ?? 0) + 24) + bytes.readUInt32LE(entry)
    return bytes.toString('latin1', from, bytes.indexOf(0, from))
  }
  const program = entries.find((entry) => nameOf(entry) === '.bun')
  if (program === undefined) return
  const SHT_PROGBITS = 1
  const before = entries.find((entry) => {
    const end = number(entry + 24) + number(entry + 32)
    if (bytes.readUInt32LE(entry + 4) !== SHT_PROGBITS || end + 8 > bytes.length) return false
    return number(end) === number(program + 16)
  })
  if (before === undefined) return
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(number(before + 32) + length.length))
  const fd = openSync(file, 'r+')
  writeSync(fd, length, 0, length.length, before + 32)
  closeSync(fd)
}

/**
 * All that can change the executable: our sources, the packages' versions, this Bun and what is stamped in.
 */
function hashOfInputs(identity: { version: string; commit: string }): string {
  const hash = new Bun.CryptoHasher('sha256')
  hash.update(
    `${Bun.version} ${Bun.revision} ${process.platform} ${process.arch} ${JSON.stringify(identity)}`,
  )
  const sources = ['server', 'config', 'web']
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(join(ROOT, 'web/dist/')))
    .sort()
  for (const file of [
    ...sources,
    join(ROOT, 'build.ts'),
    join(ROOT, 'package.json'),
    join(ROOT, 'bun.lock'),
  ]) {
    hash.update(`\n${file.slice(ROOT.length)}\n`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version
}

const inodeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.ino ?? 0

/**
 * The commit that is checked out, with "-dirty" when files differ from it; "unknown" outside a clone (a
 * source archive, say).
 */
export function commitOf(root: string): string {
  const named = process.env['SLUICE_COMMIT']
  if (named !== undefined && named !== '') return named
  try {
    const hash = git(root, 'rev-parse', '--short=12', 'HEAD')
    const changes = git(root, 'status', '--porcelain', '--untracked-files=no')
    return hash === null || changes === null ? 'unknown' : `${hash}${changes === '' ? '' : '-dirty'}`
  } catch {
    return 'unknown' // no git
  }
}

function git(root: string, ...words: readonly string[]): string | null {
  const child = Bun.spawnSync(['git', ...words], { cwd: root, stderr: 'ignore' })
  return child.success ? child.stdout.toString().trim() : null
}

async function textOf(file: string): Promise<string> {
  const handle = Bun.file(file)
  return (await handle.exists()) ? handle.text() : ''
}

if (import.meta.main) {
  const { binary, built } = await build()
  if (process.argv.includes('--quiet') === false) console.log(`${built ? 'built' : 'up to date:'} ${binary}`)
}
