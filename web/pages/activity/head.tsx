// The head of the three pages of what happens, and the way between them.
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { to } from '../../data/urls.ts'
import { Tabs } from '../../parts/choices.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import css from './activity.module.css'

const TABS = [
  ['events', '/activity', 'Events'],
  ['audit', '/activity/audit', 'Audit'],
  ['requests', '/activity/requests', 'Requests'],
] as const

export type ActivityTab = (typeof TABS)[number][0]

export function ActivityHead({ tab, children }: { tab: ActivityTab; children?: ComponentChildren }) {
  const label = TABS.find(([name]) => name === tab)?.[2]
  useEffect(() => {
    document.title = `${label} · Activity · Sluice`
  }, [label])
  return (
    <div class={css.head}>
      <PageHead title="Activity">{children}</PageHead>
      <Tabs
        label="What happens"
        items={TABS.map(([name, path, words]) => ({
          label: words,
          href: to(path),
          isCurrent: name === tab,
        }))}
      />
    </div>
  )
}
