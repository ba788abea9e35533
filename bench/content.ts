// What steps that change bodies take of the loop: bun bench/content.ts
//
// The stall is the most processor time that one turn took while 24 bodies are changed at once, so that other
// work on the machine does not count; beside it how much of a body a second of a core does.
import { readdirSync, readFileSync } from 'node:fs'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { limitEncoders } from '../server/lib/encoder.ts'
import { Inflate } from '../server/middleware/decompress.ts'
import type { BodyTransform } from '../server/middleware/middleware.ts'
import { Replacing } from '../server/middleware/replace.ts'
import { lookedAtOnce, RegexReplacer, TextReplacer } from '../server/middleware/replacer.ts'
import { FakeSink, pushOnce } from '../test/support/body-sink.ts'

/** Text as it is: our own sources. */
const TEXT = Buffer.concat(
  readdirSync('server/http')
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(`server/http/${name}`)),
).subarray(0, 300_000)
const BODIES = 24

limitEncoders(2 ** 30)
const refused = (): never => {
  throw new Error('it was refused')
}
const inflate = (coding: 'gzip' | 'deflate' | 'br' | 'zstd') => (): BodyTransform =>
  new Inflate(coding, { maxRatio: Infinity, refused, decoded: () => {} })
for (const [coding, encode] of [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
] as const) {
  await measure(`decompress ${coding}, text`, inflate(coding), encode(TEXT), TEXT.length)
  const alike = Buffer.alloc(4_000_000)
  await measure(`decompress ${coding}, all alike`, inflate(coding), encode(alike), alike.length)
}

const replacing = (make: () => TextReplacer | RegexReplacer, pieceBytes: number) => (): BodyTransform =>
  new Replacing({ replacers: [make()], pieceBytes, isShort: false, over: () => {} })
const text = replacing(() => new TextReplacer('import', 'export', Infinity), 16_384)
await measure('replace a word', text, TEXT, TEXT.length)
await measure(
  'replace each "e"',
  replacing(() => new TextReplacer('e', 'E', Infinity), 16_384),
  TEXT,
  TEXT.length,
)
for (const regex of ['\\bimport\\b', '[a-z]+Of\\(', 'a.*b'])
  await measure(
    `replace ${regex}`,
    replacing(() => new RegexReplacer(regex, () => '', Infinity), lookedAtOnce(regex)),
    TEXT,
    TEXT.length,
  )
process.exit(0)

async function measure(
  name: string,
  make: () => BodyTransform,
  body: Buffer,
  plainBytes: number,
): Promise<void> {
  let longestMs = Infinity
  let best = Infinity
  // The shortest of some tries: what else the process does (collecting garbage) is not the step's.
  for (let attempt = 0; attempt < 5; attempt++) {
    const begun = process.cpuUsage()
    longestMs = Math.min(longestMs, await longestTurn(make, body))
    const { user, system } = process.cpuUsage(begun)
    best = Math.min(best, (user + system) / 1e6)
  }
  const rate = (BODIES * plainBytes) / 2 ** 20 / best
  console.log(`${name}: ${longestMs.toFixed(1)} ms is the longest turn; ${rate.toFixed(0)} MB/s of a core`)
}

async function longestTurn(make: () => BodyTransform, body: Buffer): Promise<number> {
  const sinks = Array.from({ length: BODIES }, () => new FakeSink())
  for (const sink of sinks) {
    const transform = make()
    pushOnce(transform, body, sink)
    transform.end(sink)
  }
  // That all came in one turn is this bench's own doing.
  await new Promise((resolve) => setImmediate(resolve))
  let longestMs = 0
  let before = process.cpuUsage()
  while (sinks.some(({ isEnded }) => !isEnded)) {
    await new Promise((resolve) => setImmediate(resolve))
    const now = process.cpuUsage()
    longestMs = Math.max(longestMs, (now.user + now.system - before.user - before.system) / 1000)
    before = now
  }
  return longestMs
}
