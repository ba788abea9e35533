// In place of a page whose code did not come: the gateway is another version by now, or is not reached.
import { Button } from '../parts/button.tsx'
import { Note } from '../parts/messages.tsx'
import { PageHead } from '../parts/page-head.tsx'

export function NotLoaded() {
  return (
    <>
      <PageHead title="This page could not be loaded" />
      <Note
        state="down"
        title="Its code did not come"
        actions={<Button onPress={() => location.reload()}>Reload</Button>}
      >
        The gateway may have been replaced by another version since this page was opened, or is not reached.
        Your draft is kept.
      </Note>
    </>
  )
}
