// The draft for elsewhere: as a command, or as a patch for where the file comes from.
import { useState } from 'preact/hooks'
import { asCurl, asSluiceApply } from '../../data/copy-as.ts'
import { draft } from '../../data/draft.ts'
import type { Tried } from '../../data/reviewing.ts'
import { API_BASE } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/overlays.tsx'
import { Menu, type MenuItem } from '../../parts/popover.tsx'
import { Code } from '../../parts/words.tsx'

interface Shown {
  readonly title: string
  readonly text: string
  readonly note: string
}

export function CopyAs({ tried }: { readonly tried: Tried }) {
  const [shown, setShown] = useState<Shown | null>(null)
  const now = draft.value
  const origin = location.origin + API_BASE.replace(/\/$/, '')
  const items: MenuItem[] = [
    {
      label: 'curl',
      onPress: () =>
        setShown({
          title: 'The draft as curl',
          text: asCurl(now, tried, origin),
          note: 'SLUICE_TOKEN is a token of the API, of Settings, with the role editor.',
        }),
    },
    {
      label: 'sluice apply',
      disabledWhy: tried.text === undefined ? 'needs role editor' : null,
      onPress: () =>
        setShown({
          title: 'The draft as sluice apply',
          text: asSluiceApply(now, tried),
          note: 'On the machine of the gateway; elsewhere with --admin URL.',
        }),
    },
    {
      label: 'patch',
      disabledWhy: tried.diff === undefined ? 'needs role editor' : null,
      onPress: () =>
        setShown({
          title: 'The draft as a patch',
          text: tried.diff ?? '',
          note: 'For where the file comes from: patch -p0, or git apply -p0.',
        }),
    },
  ]
  return (
    <>
      <Menu
        label="Copy the draft as"
        items={items}
        anchor={(opener) => (
          <Button kind="quiet" icon="copy" {...opener}>
            Copy as…
          </Button>
        )}
      />
      {shown !== null && (
        <Dialog
          title={shown.title}
          isWide
          onClose={() => setShown(null)}
          actions={<Button onPress={() => setShown(null)}>Close</Button>}
        >
          <p>{shown.note}</p>
          <Code text={shown.text} isCopied isBlock />
        </Dialog>
      )}
    </>
  )
}
