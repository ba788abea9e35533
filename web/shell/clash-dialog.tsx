// The draft is a text, and a form wants to change something: which of them stays is asked.
import { clash } from '../data/draft.ts'
import { to } from '../data/urls.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/overlays.tsx'

export function ClashDialog() {
  const change = clash.value
  if (change === null) return null
  const keep = (): void => void (clash.value = null)
  return (
    <Dialog
      title="Your draft is a text"
      onClose={keep}
      actions={
        <>
          <Button href={to('/review')} onPress={keep}>
            Review the text
          </Button>
          <Button
            kind="danger"
            onPress={() => {
              keep()
              change()
            }}
          >
            Drop the text for this change
          </Button>
          <Button kind="ink" onPress={keep}>
            Keep the text
          </Button>
        </>
      }
    >
      <p>
        What you typed in the editor waits to be reviewed. A change by a form would take its place: apply or
        discard the text first, or drop it now.
      </p>
    </Dialog>
  )
}
