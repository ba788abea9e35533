// Says when requests are not shown as they end.
import { Note } from '../../parts/messages.tsx'
import type { LiveRequests } from './use-live-requests.ts'

export function TailNote({ live: { state, problem } }: { readonly live: LiveRequests }) {
  if (problem !== null)
    return (
      <Note state="warn" title={problem.title}>
        {problem.detail}
      </Note>
    )
  if (state === 'asking')
    return (
      <Note title="Another tab follows requests">
        This one asks for them every three seconds, until you turn to it.
      </Note>
    )
  if (state === 'reconnecting')
    return (
      <Note state="warn" title="The stream of requests broke off">
        It is asked for again; what was served meanwhile is shown as far as it is kept.
      </Note>
    )
  return null
}
