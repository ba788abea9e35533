// Servers behind the gateway for tests of the whole system: each says its name.
import { freePort } from './kernel.ts'
import { type Origin, startOrigin } from './origin.ts'
import { waitFor } from './wait.ts'

/** A server that answers with its name. */
export const startNamed = (name: string): Origin => startOrigin((_request, reply) => reply.send(200, name))

/** A server in a process of its own that can be killed as the kernel kills. */
export class ServerProcess implements AsyncDisposable {
  port = freePort()
  #child: Bun.Subprocess<'ignore', 'pipe', 'inherit'> | null = null
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Starts it, on the same port as before if it ran already. */
  async start(): Promise<this> {
    const program = `
      const server = Bun.serve({ hostname: '127.0.0.1', port: ${this.port}, fetch: () => new Response('${this.name}') })
      console.log(server.port)`
    const child = Bun.spawn([process.execPath, '--no-env-file', '-e', program], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    })
    this.#child = child
    const { value } = await child.stdout.getReader().read()
    this.port = Number(Buffer.from(value ?? []).toString())
    if (!(this.port > 0)) throw new Error(`The server ${this.name} did not start.`)
    return this
  }

  /** Ends it by SIGKILL. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#child?.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** What /_health of the gateway says of each server, by its name. */
export async function healthOf(
  admin: string,
): Promise<{ status: number; states: Record<string, string>; reasons: Record<string, string | null> }> {
  const response = await fetch(`${admin}/_health`)
  const document = (await response.json()) as {
    backends: { server: string; state: string; reason: string | null }[]
  }
  return {
    status: response.status,
    states: Object.fromEntries(document.backends.map(({ server, state }) => [server, state])),
    reasons: Object.fromEntries(document.backends.map(({ server, reason }) => [server, reason])),
  }
}

/** Waits until the gateway's /_health gives a server this state; gives the reason. */
export async function serverIs(admin: string, server: string, state: string): Promise<string | null> {
  return await waitFor(
    async () => {
      const { states, reasons } = await healthOf(admin)
      return states[server] === state ? { reason: reasons[server] ?? null } : null
    },
    { what: `${server} to be ${state}` },
  ).then(({ reason }) => reason)
}
