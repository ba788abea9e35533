// Pins the theme that was chosen on this device before the first paint; nothing stored: the system's.
try {
  const chosen = localStorage.getItem('sluice.theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
  // Storage is refused: the system's theme it is.
}
