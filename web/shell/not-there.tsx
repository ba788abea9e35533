// An address that leads to no page.
import { to } from '../data/urls.ts'
import { PageHead } from '../parts/page-head.tsx'

export function NotThere() {
  return (
    <PageHead title="There is no such page">
      Its address may be of another version.{' '}
      <a class="link" href={to('/')}>
        Overview
      </a>
    </PageHead>
  )
}
