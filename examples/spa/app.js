document.getElementById("path").textContent = "this is " + location.pathname;
