# A command environment in the plain shell, for the tests: the prompt "pN>" wants the answer "y" if
# N is even, else "n", twice. Arguments choose a fault.
fault=$1
turn=0
while read -r line; do
  case $line in
    '{"reset"'*)
      turn=1
      n=${line#*\"index\":}
      n=${n%%[!0-9]*}
      case $line in *heldout*) text="q$n>" ;; *) text="p$n>" ;; esac
      if [ $((n % 2)) = 0 ]; then right=y; else right=n; fi
      good=1
      case $fault in
        die) echo "no luck today" >&2; exit 3 ;;
        hang) sleep 100 ;;
        hang_once) mkdir "$2" 2> /dev/null && sleep 100 ;;
        text) echo 'hello'; continue ;;
        list) echo '[1]'; continue ;;
        agent) echo '{"prompts":[{"agent":"b","text":"p"}]}'; continue ;;
        twice) echo '{"prompts":[{"agent":"a","text":"p"},{"agent":"a","text":"p"}]}'; continue ;;
        none) echo '{"prompts":[]}'; continue ;;
        early) echo '{"done":true,"rewards":{"a":1},"success":true}'; continue ;;
        error) echo '{"error":"bad task"}'; continue ;;
      esac
      echo "{\"prompts\":[{\"agent\":\"a\",\"text\":\"$text\"}]}" ;;
    '{"step"'*)
      answer=${line#*\"text\":\"}
      answer=${answer%%\"*}
      [ "$answer" = "$right" ] || good=0
      turn=$((turn + 1))
      case $fault in
        long) turn=1 ;;
        limit) echo '{"limit":"time"}'; continue ;;
        no_limit) echo '{"limit":7}'; continue ;;
        reward) echo '{"done":true,"rewards":{"a":7},"success":true}'; continue ;;
        missing) echo '{"done":true,"rewards":{},"success":true}'; continue ;;
        stranger) echo '{"done":true,"rewards":{"a":1,"b":1},"success":true}'; continue ;;
        success) echo '{"done":true,"rewards":{"a":1}}'; continue ;;
      esac
      if [ $turn -le 2 ]; then
        echo '{"prompts":[{"agent":"a","text":">"}]}'
      elif [ $good = 1 ]; then
        echo '{"done":true,"rewards":{"a":1},"success":true}'
      else
        echo '{"done":true,"rewards":{"a":0.0},"success":false}'
      fi
      [ "$fault" = once ] && exit 0 ;;
    '{"demonstrate"'*)
      if [ "$fault" = no_teacher ]; then echo '{"error":"no teacher"}'; else echo "{\"text\":\"$right\"}"; fi ;;
    '{"reward"'*)
      case $fault in
        reward) echo '{"reward":7,"success":true}' ;;
        *) case $line in
             '{"reward":{"answer":"yes"'*) echo '{"reward":0.5,"success":true}' ;;
             *) echo '{"reward":-1,"success":false}' ;;
           esac ;;
      esac ;;
  esac
done
