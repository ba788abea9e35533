// Answers that go on, such as live events, end when the sign-in or token that asked for them is no more.
import type { Identified } from './authenticator.ts'

/** How often the store is asked: another process may have revoked it there. */
const LOOK_MS = 2000

/** The same answer, with a body that ends once whoever asked is known no more. */
export function untilRevoked(
  response: Response,
  identified: Pick<Identified, 'isStillGood'>,
  lookMs = LOOK_MS,
): Response {
  if (response.body === null) return response
  const reader = response.body.getReader()
  let timer: ReturnType<typeof setInterval> | null = null
  const stopLooking = (): void => clearInterval(timer ?? undefined)
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      timer = setInterval(() => {
        if (identified.isStillGood()) return
        stopLooking()
        // Closes this side first: what the source still gives goes nowhere.
        controller.close()
        void reader.cancel('revoked').catch(() => {})
      }, lookMs)
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          stopLooking()
          controller.close()
        } else controller.enqueue(value)
      } catch (error) {
        stopLooking()
        controller.error(error)
      }
    },
    cancel(reason) {
      stopLooking()
      return reader.cancel(reason)
    },
  })
  return new Response(body, { status: response.status, headers: response.headers })
}
