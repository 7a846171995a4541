/* Fetches the page again every two seconds as long as a run goes on, and shows what has changed. */
(function () {
  var PAUSE_MILLIS = 2000;

  function refresh() {
    var shown = document.getElementById("tartan");
    if (!shown || shown.dataset.live !== "true") {
      return;
    }
    fetch(window.location.href, { credentials: "same-origin" })
      .then(function (answer) {
        if (!answer.ok) {
          throw new Error(answer.statusText);
        }
        return answer.text();
      })
      .then(function (text) {
        var fetched = new DOMParser().parseFromString(text, "text/html").getElementById("tartan");
        if (fetched) {
          shown.replaceWith(fetched);
        }
        setTimeout(refresh, PAUSE_MILLIS);
      })
      .catch(function () {
        /* the application is over, or cannot be reached: what was seen last stays */
        shown.classList.add("stale");
        setTimeout(refresh, 5 * PAUSE_MILLIS);
      });
  }

  setTimeout(refresh, PAUSE_MILLIS);
})();
