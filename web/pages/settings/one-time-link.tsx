// A one-time link by which somebody else signs in.
import { ask } from '../../data/api.ts'
import type { AnswerOf } from '../../data/api.ts'
import { API_BASE } from '../../data/urls.ts'
import { Age } from '../../parts/time.tsx'
import { ToldOnce } from './told-once.tsx'

export type MadeLink = AnswerOf<'POST /api/v1/auth/links'>

export const makeLink = (user: string) => ask('POST /api/v1/auth/links', {}, { body: { user, lasts: '24h' } })

/** As this browser reaches the gateway: who gets it may have to be in the same network. */
const addressOf = ({ path }: MadeLink): string => `${location.origin}${API_BASE}${path.replace(/^\//, '')}`

export function LinkTold({ link, onDone }: { readonly link: MadeLink; readonly onDone: () => void }) {
  return (
    <ToldOnce title={`A link for ${link.user}`} secret={addressOf(link)} onDone={onDone}>
      Whoever opens it is {link.user} ({link.role}): send it where nobody else reads. It is good once, for{' '}
      <Age at={link.expires_at} />, and is not shown again.
    </ToldOnce>
  )
}
