// A password: hidden until one wants to see it. That Caps Lock is on is told, since nobody sees it there.
import { useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { TextField, type TextFieldProps } from './controls.tsx'
import css from './password-field.module.css'

export type PasswordFieldProps = Omit<TextFieldProps, 'type' | 'isMono'>

export function PasswordField(props: PasswordFieldProps) {
  const [isShown, setShown] = useState(false)
  const [hasCaps, setCaps] = useState(false)
  const look = (event: KeyboardEvent): void => setCaps(event.getModifierState?.('CapsLock') === true)
  return (
    <div class={css.place} onKeyDown={look} onKeyUp={look}>
      <TextField {...props} type={isShown ? 'text' : 'password'} />
      <span class={css.eye}>
        <Button
          kind="quiet"
          size="sm"
          icon="eye"
          label={isShown ? 'Hide what is typed' : 'Show what is typed'}
          isPressed={isShown}
          onPress={() => setShown(!isShown)}
        />
      </span>
      <p class={css.caps} role="status">
        {hasCaps && 'Caps Lock is on.'}
      </p>
    </div>
  )
}
