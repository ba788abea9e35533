// Server-sent events (HTML Living Standard, 9.2) over fetch: unlike EventSource it tells what a refusal was,
// and takes up where another tab has left off.

export interface StreamEvent {
  readonly id: string
  readonly name: string
  readonly data: string
}

/** Cuts a stream of text into events. What is a comment, as the heartbeat, is ''-named with no data. */
export class EventCutter {
  #rest = ''
  #id = ''

  push(text: string): StreamEvent[] {
    const blocks = (this.#rest + text).split(/\r?\n\r?\n/)
    this.#rest = blocks.pop() ?? ''
    return blocks.map((block) => this.#eventOf(block))
  }

  #eventOf(block: string): StreamEvent {
    let name = ''
    const data: string[] = []
    for (const line of block.split(/\r?\n/)) {
      const colon = line.indexOf(':')
      const field = colon === -1 ? line : line.slice(0, colon)
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'event') name = value
      else if (field === 'data') data.push(value)
      else if (field === 'id' && !value.includes('\0')) this.#id = value
    }
    return { id: this.#id, name: data.length > 0 && name === '' ? 'message' : name, data: data.join('\n') }
  }
}

/** Why a stream is over: the status of a refusal, or that it broke off. */
export type StreamEnd = { readonly status: number } | { readonly broke: string }

/** Reads until it ends, is aborted or refused; never rejects. */
export async function readEvents(
  url: string,
  options: { readonly lastId: string; readonly signal: AbortSignal },
  onEvent: (event: StreamEvent) => void,
): Promise<StreamEnd> {
  try {
    const response = await fetch(url, {
      headers: {
        Accept: 'text/event-stream',
        ...(options.lastId !== '' && { 'Last-Event-ID': options.lastId }),
      },
      signal: options.signal,
      credentials: 'same-origin',
      cache: 'no-store',
    })
    if (!response.ok || response.body === null) {
      await response.body?.cancel()
      return { status: response.status }
    }
    const cutter = new EventCutter()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return { broke: 'it ended' }
      for (const event of cutter.push(value)) onEvent(event)
    }
  } catch (error) {
    return { broke: error instanceof Error ? error.message : String(error) }
  }
}
