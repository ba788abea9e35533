// Server-sent events of a running gateway, for who follows them until there were enough.
import { knownBy } from './control.ts'
import { type Gateway, openGateway } from './gateway.ts'
import type { Io } from './io.ts'
import { framesOf } from './sent-events.ts'

/** Hears an event; false: that was enough. */
export type OnEvent = (event: string, data: unknown) => boolean

/** Follows a stream until there was enough of it; the exit code. */
export async function followEvents(
  gateway: Gateway,
  path: string,
  io: Io,
  onEvent: OnEvent,
): Promise<number> {
  const headers = { Accept: 'text/event-stream' }
  const answer = await openGateway(await knownBy(gateway), { method: 'GET', path, headers }, io)
  if (answer === null) return 1
  if (!answer.ok) {
    const { detail = '' } = (await answer.json().catch(() => ({}))) as { readonly detail?: string }
    io.stderr(`sluice ${gateway.command}: the gateway answered ${answer.status}: ${detail}\n`)
    return 1
  }
  for await (const { event, data } of framesOf(answer)) if (!onEvent(event, JSON.parse(data))) return 0
  io.stderr(`sluice ${gateway.command}: the gateway has ended the stream\n`)
  return 1
}
