// Requests as they end, as server-sent events. Workers are asked when the reader can take more: what waits
// does so where it is bounded, and what finds no room is counted.
import type { RequestTail } from '../../control/requests/tail.ts'
import type { Places } from '../places.ts'
import type { Asked } from '../route.ts'

/** So many follow at a time. */
export const FOLLOWERS_MAX = 16
const LOOK_MS = 250
const HEARTBEAT_LOOKS = 20
/** A reader that takes nothing for so long has its place taken: there are few. */
const STUCK_MS = 60_000
const encoder = new TextEncoder()

interface Following {
  readonly tail: Pick<RequestTail, 'next' | 'end'>
  readonly places: Places
  readonly stuckMs?: number
}

export function followAnswer(
  { request, server, who }: Pick<Asked, 'request' | 'server' | 'who'>,
  { tail, places, stuckMs = STUCK_MS }: Following,
): Response {
  const headers = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no', Vary: 'Accept' }
  if (request.method === 'HEAD') return new Response(null, { headers })
  const giveBack = places.take(who)
  if (giveBack instanceof Response) return giveBack
  server.timeout(request, 0)
  let isOver = false
  let stuck: ReturnType<typeof setTimeout> | undefined
  const leave = (): void => {
    clearTimeout(stuck)
    if (isOver) return
    isOver = true
    giveBack()
    tail.end()
  }
  request.signal.addEventListener('abort', leave)
  const send = (controller: ReadableStreamDefaultController<Uint8Array>, text: string): void => {
    if (isOver) return
    stuck = setTimeout(() => {
      leave()
      controller.error(new Error('this reader is too slow'))
    }, stuckMs)
    controller.enqueue(encoder.encode(text))
  }
  const body = new ReadableStream<Uint8Array>(
    {
      // From here on workers keep what comes.
      async start(controller) {
        await tail.next()
        send(controller, ': these follow\n\n')
      },
      async pull(controller) {
        clearTimeout(stuck)
        for (let looks = 0; !isOver; looks++) {
          await Bun.sleep(LOOK_MS)
          const text = isOver ? '' : await framesOf(tail)
          if (isOver) return
          if (text !== '') return send(controller, text)
          if (looks >= HEARTBEAT_LOOKS) return send(controller, ': hb\n\n')
        }
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers })
}

async function framesOf(tail: Pick<RequestTail, 'next'>): Promise<string> {
  const { requests, left_out, gap } = await tail.next()
  const frames = [
    ...(gap ? [frame('gap', { why: 'the reader was away for too long' })] : []),
    ...requests.map((one) => frame('request', one)),
    ...(left_out > 0 ? [frame('left_out', { left_out })] : []),
  ]
  return frames.join('')
}

const frame = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
