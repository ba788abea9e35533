// A process that writes many lines of one letter: sink-writer.ts FILE|- LETTER COUNT
import { pause } from '../../support/wait.ts'
import { LineSink } from '../../../server/telemetry/line-sink.ts'

const [file = '-', letter = 'a', count = '1'] = process.argv.slice(2)
const sink = new LineSink({
  to: file === '-' ? 'stdout' : { file },
  onFailed: (reason) => void process.stderr.write(`${reason}\n`),
})
for (let i = 0; i < Number(count); i++) {
  const text = `${letter.repeat(50 + ((i * 37) % 900))}\n`
  if (!sink.begin(text.length)) continue
  sink.line.ascii(text)
  sink.end()
  // Lets the sink try again when a pipe was full.
  if (i % 64 === 0) await pause(0)
}
await sink.close()
