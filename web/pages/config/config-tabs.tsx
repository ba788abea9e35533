// The parts of the config's page.
import { changeCount } from '../../data/draft.ts'
import { to } from '../../data/urls.ts'
import { Tabs } from '../../parts/choices.tsx'
import { Shape } from '../../parts/status.tsx'

export type ConfigTab = 'editor' | 'history' | 'effective'

export function ConfigTabs({ current }: { readonly current: ConfigTab }) {
  const count = changeCount.value
  return (
    <Tabs
      label="Parts of the config"
      items={[
        { label: 'Editor', href: to('/config'), isCurrent: current === 'editor' },
        {
          label: 'Changes',
          href: to('/review'),
          ...(count > 0 && { count, mark: <Shape state="draft" size={10} label="A draft" /> }),
        },
        { label: 'History', href: to('/config/history'), isCurrent: current === 'history' },
        { label: 'Effective', href: to('/config/effective'), isCurrent: current === 'effective' },
      ]}
    />
  )
}
