// What goes to those who watch the gateway, as server-sent events (HTML Living Standard §9.2). Each is made
// once, whoever takes it.
import type { Topic } from '../../tables/events.ts'
import type { LogLevel } from '../../telemetry/log.ts'

/** An event as it is kept: its text is made, and is never changed. */
export interface KeptEvent {
  readonly id: number
  readonly topic: Topic
  /** A JSON object. */
  readonly text: string
  readonly frame: Uint8Array
}

export interface NewEvent {
  readonly id: number
  readonly timeMs: number
  readonly level: LogLevel
  readonly topic: Topic
  /** Within its topic. */
  readonly name: string
  /** What the log calls it. */
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A thousand of them are kept: one that lists ten thousand problems leaves out what it says of them. */
const TEXT_CHARS_MAX = 16_384

const encoder = new TextEncoder()

export function keptEvent({ id, timeMs, level, topic, name, event, fields }: NewEvent): KeptEvent {
  const facts = { id, time: new Date(timeMs).toISOString(), level, topic, name: `${topic}.${name}`, event }
  // What stands in front keeps its meaning, whatever fields are called.
  let text = JSON.stringify({ ...facts, ...fields, ...facts })
  if (text.length > TEXT_CHARS_MAX) text = JSON.stringify({ ...facts, ...short(fields), shortened: true })
  return { id, topic, text, frame: frameOf(facts.name, text, id) }
}

/** A frame; one without an id leaves the reader's last one as it is. JSON has no line breaks. */
export const frameOf = (name: string, text: string, id: number | null = null): Uint8Array =>
  encoder.encode(`${id === null ? '' : `id: ${id}\n`}event: ${name}\ndata: ${text}\n\n`)

/** Says nothing: whoever stands between keeps the connection. */
export const HEARTBEAT = encoder.encode(': hb\n\n')

/** Only what is one word or number. */
const short = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => typeof value !== 'object' && typeof value !== 'function')
      .map(([key, value]) => [key, typeof value === 'string' ? value.slice(0, 200) : value])
      .slice(0, 20),
  )
