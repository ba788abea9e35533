// Server-sent events of a running gateway, by its socket.
import { LineCutter } from '../lib/lines.ts'
import type { Gateway } from './gateway.ts'
import type { Io } from './io.ts'

/** Hears an event; false: that was enough. */
export type OnEvent = (event: string, data: unknown) => boolean

/** Follows a stream until there was enough of it; the exit code. */
export async function followEvents(
  gateway: Gateway,
  path: string,
  io: Io,
  onEvent: OnEvent,
): Promise<number> {
  const enough = new AbortController()
  for (const way of gateway.ways) {
    if (!('unix' in way)) continue
    const answer = await fetch(`http://localhost${path}`, {
      headers: { Accept: 'text/event-stream' },
      unix: way.unix,
      signal: enough.signal,
    }).catch(() => null)
    if (answer === null) continue
    if (answer.status !== 200 || answer.body === null) {
      const { detail = '' } = (await answer.json().catch(() => ({}))) as { readonly detail?: string }
      io.stderr(`sluice ${gateway.command}: the gateway answered ${answer.status}: ${detail}\n`)
      return 1
    }
    if (await hear(answer.body, onEvent)) {
      enough.abort()
      return 0
    }
    io.stderr(`sluice ${gateway.command}: the gateway has ended the stream\n`)
    return 1
  }
  io.stderr(`sluice ${gateway.command}: ${gateway.whenNone}\n`)
  return 1
}

/** Whether there was enough. */
async function hear(body: ReadableStream<Uint8Array>, onEvent: OnEvent): Promise<boolean> {
  const cutter = new LineCutter()
  let event = ''
  try {
    for await (const bytes of body)
      for (const line of cutter.take(bytes)) {
        if (line.startsWith('event: ')) event = line.slice('event: '.length)
        else if (line.startsWith('data: ') && !onEvent(event, JSON.parse(line.slice('data: '.length))))
          return true
      }
  } catch {
    // The gateway has gone.
  }
  return false
}
