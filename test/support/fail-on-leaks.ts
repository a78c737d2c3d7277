/** Each test process imports this first: leaked listeners become an error instead of a Node warning. */
process.on('warning', warning => {
  if (warning.name === 'MaxListenersExceededWarning') throw warning
})
