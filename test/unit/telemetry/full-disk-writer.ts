// A process whose disk is full after so many bytes: full-disk-writer.ts FILE COUNT. Says when all lines are
// in its hands, ends with stdin.
import { LineSink } from '../../../server/telemetry/line-sink.ts'

const [file = '', count = '1'] = process.argv.slice(2)
let failures = 0
const sink = new LineSink({ to: { file }, onFailed: () => failures++, everyMs: 5 })
for (let i = 0; i < Number(count); i++) {
  const text = `${i} ${'x'.repeat(i % 200)}\n`
  if (!sink.begin(text.length)) continue
  sink.line.ascii(text)
  sink.end()
}
sink.flush()
const asked = setInterval(() => {
  if (failures === 0) return
  clearInterval(asked)
  process.stdout.write('full\n')
}, 5)
for await (const _ of Bun.stdin.stream());
await sink.close()
process.stdout.write(`dropped ${sink.dropped}\n`)
