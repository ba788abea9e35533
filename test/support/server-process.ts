// A server in a process of its own, for tests that kill it: `bun server-process.ts NAME PORT`. Answers with its name.
const [name = 'server', port = '0'] = process.argv.slice(2)
const server = Bun.serve({ hostname: '127.0.0.1', port: Number(port), fetch: () => new Response(name) })
process.stdout.write(`${server.port}\n`)
