// What the JavaScript of one exchange costs, without a kernel: a client and a server that are played in this
// process. The least of many rounds counts, so that a busy machine hardly shows.
//
//   bun bench/exchange.ts [rounds]
import { startEngine, toServers } from '../test/support/engine.ts'
import { wire } from '../test/support/wired.ts'

const ROUNDS = Number(process.argv[2] ?? 300)
const EXCHANGES = 2000

const REQUEST = Buffer.from(
  'GET /small HTTP/1.1\r\nHost: example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\nAccept: text/html,application/xhtml+xml\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nCookie: session=0123456789abcdef\r\nReferer: https://example.org/\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n\r\n',
)
const HEAD =
  'HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 29 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\n'
const ANSWERS: Readonly<Record<string, Buffer>> = {
  small: Buffer.from(`${HEAD}Content-Length: 24\r\n\r\n${'x'.repeat(24)}`),
  chunked: Buffer.from(`${HEAD}Transfer-Encoding: chunked\r\n\r\n18\r\n${'x'.repeat(24)}\r\n0\r\n\r\n`),
  '100 KB': Buffer.from(`${HEAD}Content-Length: 102400\r\n\r\n${'x'.repeat(102_400)}`),
}

await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1']) })
for (const [name, answer] of Object.entries(ANSWERS)) {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const { client, server, end } = wire(gateway) // its connection takes so many requests only
    const from = performance.now()
    for (let n = 0; n < EXCHANGES; n++) {
      client.data(REQUEST)
      server.data(answer)
    }
    least = Math.min(least, (performance.now() - from) / EXCHANGES)
    if (gateway.log.splice(0).length !== EXCHANGES) throw new Error(`not every "${name}" was served`)
    end()
  }
  process.stdout.write(`${name}: ${(least * 1000).toFixed(3)} µs\n`)
}
process.exit(0)
