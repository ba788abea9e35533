// How the body of an answer ends, and in which form it is handed on.
import { type Framing, responseFraming } from '../head/framing.ts'
import type { AnswerLimits, ResponseHead } from '../head/response-head.ts'
import type { BodyForm } from '../http/ends.ts'

/** Null: it contradicts itself, beyond what the limits let pass. */
export function answerFraming(
  head: ResponseHead,
  isHeadRequest: boolean,
  limits: AnswerLimits,
): Framing | null {
  const isHttp10 = head.version === 10
  const framing = responseFraming(head.fields, head.status, isHeadRequest, isHttp10)
  if (framing !== null || !head.mendLengths(limits)) return framing
  return responseFraming(head.fields, head.status, isHeadRequest, isHttp10)
}

export function answerForm(framing: Framing): BodyForm {
  if (framing === 'chunked') return 'as_it_came'
  return framing === 'close' ? 'content' : framing
}
