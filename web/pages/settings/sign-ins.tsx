// All sign-ins for admins, one's own for others.
import { useLocation } from 'preact-iso/router'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { FilterBox } from '../../parts/choices.tsx'
import { SignInTable } from './sign-in-table.tsx'

export function SignIns() {
  const { query, route } = useLocation()
  const filter = query['filter'] ?? ''
  const isAll = can('administer')
  const put = (next: string): void =>
    route(to(`/settings/sign-ins${next === '' ? '' : `?filter=${encodeURIComponent(next)}`}`), true)
  return (
    <SignInTable
      title={isAll ? 'All sign-ins' : 'Your sign-ins'}
      isShown={() => true}
      hasUsers={isAll}
      canEndOthers={!isAll}
      filter={filter}
      end={<FilterBox value={filter} onInput={put} hint="user, browser or address" />}
    />
  )
}
