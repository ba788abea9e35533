// The overview: what is the matter, in a sentence, and the figures that prove it.
import { PageHead } from '../../parts/page-head.tsx'

export function Overview() {
  return <PageHead title="Overview" />
}
