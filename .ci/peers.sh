#!/usr/bin/env bash
# Installs the DynamoDB Encryption Client for Python and Java, and DB-ESDK for Java,
# and builds the peers around them. run sources it for the commands that it sets.

source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PEERS_PYTHON=$CACHE/peers-python-$(sum interop/python/requirements.txt)
DDBENC_PYTHON_PEER="$PEERS_PYTHON/bin/python $PWD/interop/python/peer.py"
PEERS_JAVA="$PWD/interop/java/target/peer.jar:$PWD/interop/java/target/lib/*"
DDBENC_JAVA_PEER="java -XX:TieredStopAtLevel=1 -cp $PEERS_JAVA ddbenc.interop.Peer"
PEERS_DBESDK="$PWD/interop/java-dbesdk/target/peer.jar:$PWD/interop/java-dbesdk/target/lib/*"
DDBENC_JAVA_DBESDK_PEER="java -XX:TieredStopAtLevel=1 -Xmx512m -cp $PEERS_DBESDK ddbenc.interop.Peer"

install_python_peer() {
	python3 -m venv "$PEERS_PYTHON"
	"$PEERS_PYTHON/bin/pip" install --quiet --disable-pip-version-check -r interop/python/requirements.txt
}

# build_java_peer FOLDER: builds the peer there unless it is newer than its sources.
build_java_peer() {
	if [ ! -e "$1/target/peer.jar" ] || [ -n "$(find "$1/src" "$1/pom.xml" -newer "$1/target/peer.jar")" ]; then
		mvn -B -q -f "$1/pom.xml" package
	fi
}

install_peers() {
	once "$(basename "$PEERS_PYTHON")" install_python_peer
	build_java_peer interop/java
	build_java_peer interop/java-dbesdk
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	install_peers
fi
