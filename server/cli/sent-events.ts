// Server-sent events as they come (WHATWG HTML §9.2.6), of a gateway that writes one `data` line an event.

interface Frame {
  readonly event: string
  readonly data: string
}

/** A heartbeat comes after five quiet seconds. */
const SILENT_MS = 20_000
/** No event of ours is larger. */
const FRAME_CHARS_MAX = 1024 * 1024

/** Each event of an answer; it ends with the connection, or when not even a heartbeat comes any more. */
export async function* framesOf(answer: Response, silentMs = SILENT_MS): AsyncGenerator<Frame, void> {
  const reader = answer.body?.getReader()
  if (reader === undefined) return
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const part = await withinTime(reader, silentMs)
      if (part === null) return
      text += decoder.decode(part, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      if (text.length > FRAME_CHARS_MAX) return
      for (const block of blocks) {
        const frame = frameOf(block)
        if (frame !== null) yield frame
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** Null: it ended, broke, or is silent. */
async function withinTime(
  reader: Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'>,
  silentMs: number,
): Promise<Uint8Array | null> {
  const { promise: silence, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(() => resolve(null), silentMs)
  try {
    const read = await Promise.race([reader.read(), silence])
    return read?.value ?? null
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}

/** Null: a comment, or a field without data, as `retry`. */
function frameOf(block: string): Frame | null {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''))
  }
  const data = fields.get('data')
  return data === undefined ? null : { event: fields.get('event') ?? 'message', data }
}
