// A process that logs many events to stderr: event-writer.ts COUNT. Says on stdout how many were dropped,
// goes on when stdin ends, and says how many were dropped then.
import { droppedEvents, finishEvents, logEvent } from '../../../server/telemetry/log.ts'

const count = Number(process.argv[2])
for (let i = 0; i < count; i++) logEvent('error', 'many', { i, text: 'x'.repeat(100) })
process.stdout.write(`${droppedEvents()}\n`)
for await (const _ of Bun.stdin.stream());
await finishEvents()
process.stdout.write(`${droppedEvents()}\n`)
