// An answer that comes before its request is whole.
import type { RequestHead } from '../head/request-head.ts'
import type { ClientStream } from './ends.ts'

interface Answered {
  readonly request: RequestHead
  readonly stream: ClientStream
  readonly status: number
  readonly forward: { readonly maySurvive: boolean; stopUpload(): void } | null
}

/**
 * The request is not whole yet. Behind an answer of ours its rest is dropped, so that the client's end is
 * seen; to a server it goes on, as long as that takes it: behind one that refuses it, to the end of that
 * answer. Behind an expectation refused it may never come.
 */
export function answeredEarly(x: Answered, isOurs: boolean): void {
  const { stream, forward, request } = x
  const isRefused = request.get('expect') !== null && stream.receivedBytes === 0
  if (isOurs || isRefused || x.status >= 400 || !forward?.maySurvive) stream.takeNoMore()
  if (isOurs) stream.resume()
  else if (isRefused) forward?.stopUpload()
}
