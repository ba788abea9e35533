// When a token ends: amber when somebody has to see to it.
import type { Token } from '../../data/api-types.ts'
import { gatewayNow } from '../../data/clock.ts'
import { Status } from '../../parts/status.tsx'
import { Age } from '../../parts/time.tsx'

const DAY_MS = 24 * 3_600_000
/** From then on it is amber: somebody has to put another one in its place. */
const SOON_MS = 7 * DAY_MS

export function Ends({ token: { expires_at: at } }: { readonly token: Token }) {
  if (at === null) return <span class="supporting">never</span>
  const left = Date.parse(at) - gatewayNow()
  if (left <= 0) return <Status state="down" word="ended" />
  return left < SOON_MS ? (
    <Status state="warn" word={`in ${Math.max(1, Math.ceil(left / DAY_MS))} d`} />
  ) : (
    <span>
      in <Age at={at} />
    </span>
  )
}
