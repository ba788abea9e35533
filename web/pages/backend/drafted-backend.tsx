// A backend that only the draft has: what it will be, and the way to run it.
import type { JsonMap } from '../../data/merge.ts'
import { discard } from '../../data/draft.ts'
import { segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Tag } from '../../parts/status.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { Code } from '../../parts/words.tsx'

export function DraftedBackend({ backend, value }: { readonly backend: string; readonly value: JsonMap }) {
  const { go } = useAddress()
  const drop = (): void => {
    discard(`backends/${segment(backend)}`)
    go(to('/backends'))
  }
  return (
    <>
      <PageHead
        crumb={{ href: to('/backends'), label: 'Backends' }}
        title={backend}
        tag={<Tag state="draft">new</Tag>}
        actions={
          <>
            <Button onPress={drop}>Take out of the draft</Button>
            <Button kind="ink" href={to('/review')}>
              Review
            </Button>
          </>
        }
      >
        It is in the draft of this tab and does not run yet.
      </PageHead>
      <Panel title="As it will be written">
        <Code text={JSON.stringify(value, null, 2)} isCopied />
      </Panel>
    </>
  )
}
