// Reads server-sent events as a browser does.

export interface ReadEvent {
  readonly id: string | null
  readonly name: string
  readonly data: Record<string, unknown>
}

export class EventReader {
  readonly events: ReadEvent[] = []
  comments = 0
  /** Null: it goes on. */
  ended: 'end' | 'cut' | null = null
  lastId: string | null = null
  readonly #abort = new AbortController()

  /** Reads on by itself; rejects where there is no stream. */
  static async open(url: string, init: RequestInit & { unix?: string } = {}): Promise<EventReader> {
    const reader = new EventReader()
    const headers = { Accept: 'text/event-stream', ...init.headers }
    const answer = await fetch(url, { ...init, headers, signal: reader.#abort.signal })
    if (answer.body === null || answer.headers.get('content-type') !== 'text/event-stream')
      throw new Error(`${answer.status} ${await answer.text()}`)
    void reader.#read(answer.body)
    return reader
  }

  get names(): string[] {
    return this.events.map(({ name }) => name)
  }

  close(): void {
    this.#abort.abort()
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true })
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      }
      this.ended = 'end'
    } catch {
      this.ended = 'cut'
    }
  }

  #take(block: string): void {
    const field = (name: string): string | null =>
      block
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2) ?? null
    if (block.startsWith(':')) this.comments++
    const data = field('data')
    if (data === null) return
    const id = field('id')
    this.lastId = id ?? this.lastId
    this.events.push({ id, name: field('event') ?? '', data: JSON.parse(data) })
  }
}
