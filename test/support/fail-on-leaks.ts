/** Imported before each test file: listeners that pile up are a fault, which Node only warns of. */
process.on('warning', warning => {
  if (warning.name === 'MaxListenersExceededWarning') throw warning
})
